"""The addresses of the site."""

from django.urls import path

from .views import api, bench, cached, counter, ear, listen, live, shop, tour, wall

urlpatterns = [
    path("", shop.home, name="home"),
    path("catalogue/", shop.catalogue, name="catalogue"),
    path("catalogue/stock-book/", shop.stock_book, name="stock-book"),
    path("catalogue/<slug:slug>/", shop.instrument, name="instrument"),
    path("articles/", shop.articles, name="articles"),
    path("articles/<slug:slug>/", shop.article, name="article"),
    path("repairs/", bench.repairs, name="repairs"),
    path("repairs/<uuid:pk>/", bench.repair, name="repair"),
    path("repairs/<uuid:pk>/attachment/", bench.attachment, name="attachment"),
    path("listen/", listen.listen, name="listen"),
    path("ear/", ear.ear, name="ear"),
    path("ear/<uuid:pk>/", ear.recording, name="recording"),
    path("ear/<uuid:pk>/events/", ear.events, name="recording-events"),
    path("wall/", wall.wall, name="wall"),
    path("api/instruments/", api.instruments, name="api-instruments"),
    path("api/instruments/<int:pk>/", api.instrument, name="api-instrument"),
    path("about/server/", tour.server, name="server"),
    path("slow/", tour.slow, name="slow"),
    path("counter/", counter.counter, name="counter"),
    path("board/", counter.board, name="board"),
    path("board/events/", counter.board_events, name="board-events"),
    path("dashboard/", live.dashboard, name="dashboard"),
    path("dashboard/events/", live.dashboard_events, name="dashboard-events"),
    path("both/", live.both, name="both"),
    path("echo/", live.echo, name="echo"),
    path("stream/", tour.stream, name="stream"),
    path("stream/big/", tour.stream_big, name="stream-big"),
    path("download/", tour.download, name="download"),
    path("twisted/", tour.twisted, name="twisted"),
    path("cached/", cached.cached, name="cached"),
    path("hello/", tour.hello, name="hello"),
    path("up/", tour.up, name="up"),
    path("boom/", tour.boom, name="boom"),
]
