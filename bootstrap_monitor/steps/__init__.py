"""What commands have in common: short procedures over narrow interfaces."""
