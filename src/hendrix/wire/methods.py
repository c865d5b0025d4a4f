"""Methods that are passed on to the application: those of the IANA registry (RFC 9110 section 16.1.1) and a few more.

Others are refused here: what a proxy and a server take for different things should reach neither (501).
"""

from __future__ import annotations

_NAMES = (
    "GET HEAD POST PUT DELETE CONNECT OPTIONS TRACE PATCH "
    # WebDAV and its kin (RFC 4918, 3253, 3648, 3744, 4791, 5323, 5842)
    "COPY LOCK MKCOL MOVE PROPFIND PROPPATCH SEARCH UNLOCK BIND REBIND UNBIND ACL REPORT MKACTIVITY CHECKOUT CHECKIN "
    "UNCHECKOUT MERGE LABEL UPDATE MKWORKSPACE VERSION-CONTROL BASELINE-CONTROL ORDERPATCH MKCALENDAR "
    "MKREDIRECTREF UPDATEREDIRECTREF LINK UNLINK "
    # UPnP, caches, and the safe method with a body
    "M-SEARCH NOTIFY SUBSCRIBE UNSUBSCRIBE PURGE QUERY"
)
#: By their bytes, which are case-sensitive (RFC 9110 section 9.1).
METHODS = {name.encode("ascii"): name for name in _NAMES.split()}
