"""Container registries, asked anonymously: which image does a tag name now?"""
