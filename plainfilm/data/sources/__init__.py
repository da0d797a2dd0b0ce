"""What people give: folders, archives, tables; what each name and column means, and what became of every file."""
