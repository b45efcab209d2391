"""The Web API of the local workspace: one function a method, one table of all."""
