"""WebSockets for Django projects: routes, who may come in, handlers, topics."""
