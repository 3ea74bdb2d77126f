"""Where an archive's bytes come from: HTTP servers, object stores, files."""
