"""The signals of old: ``message_signal`` is sent for what clients send; ``short_task`` and ``long_task`` are sent to
have a function run beside the request.

    short_task.send(None, args=(function, (1, 2)), kwargs={"hxrecipient": address, "hxmessage": "done"})
"""

from django.dispatch import Signal

message_signal = Signal()
short_task = Signal()
long_task = Signal()
