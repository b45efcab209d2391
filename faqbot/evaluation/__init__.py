"""How well questions are answered: labelled sets, their figures, and plots of them."""
