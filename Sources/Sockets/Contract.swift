// STUB, owner: http.
