"""Other people's formats in: documents, O*NET, tables -> roles and FAQs."""
