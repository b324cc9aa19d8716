"""Tables, rules and repositories: everything durable. Imports no other package of ours."""
