"""What a product is and how it is made, as data: files, their schema and their reader."""
