"""The controllers: each looks at all that concerns it, and does what is missing."""
