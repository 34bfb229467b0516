"""Product traffic analysis (S1): what a shop's products show, are clicked and sell, by format."""
