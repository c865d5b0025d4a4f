from django.urls import path

from project import bodies, connections, control, data, plain, streams, threads

urlpatterns = [
    path(f"{kind}/{name}", view)
    for kind, name, view in plain.views + data.views + streams.views + bodies.views + connections.views
]
urlpatterns += threads.urlpatterns + control.urlpatterns

handler400 = "project.control.bad_request"
handler404 = "project.control.not_found"
