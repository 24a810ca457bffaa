"""The HTTP contract: what a function folder declares about itself, and the OpenAPI documents that follow from it."""
