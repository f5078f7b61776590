"""How far a backend is what a contract of the web API says: as it describes itself, as it answers, and beside another backend."""
