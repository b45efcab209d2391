"""A job description in any common format -> a role."""
