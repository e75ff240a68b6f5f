// STUB, owner: api.
