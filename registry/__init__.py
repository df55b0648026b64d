"""Who exists: ids, tables, plugins and errors; importing this imports nothing but Gymnasium."""
