"""The ACD and dialer: a pure engine, and one module that does its I/O."""
