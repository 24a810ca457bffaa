"""Azure Table storage: the tables and the client."""
