"""The phones page: what a person does on a phone, and the page's own HTTP API."""
