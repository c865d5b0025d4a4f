"""The door for a Django project: what its own code imports. Everything here works under any other server too."""
