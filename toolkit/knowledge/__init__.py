"""Registry of statutes, standards, guidelines and products, and their citations in text: filled by the collection issue."""
