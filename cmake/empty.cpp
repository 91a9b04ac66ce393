// Stands in for a library none of whose sources exists yet.
