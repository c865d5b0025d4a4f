"""The back office."""

from django.contrib import admin

from .models import Article, Instrument, Picture, Recording, RepairRequest


@admin.register(Instrument)
class InstrumentAdmin(admin.ModelAdmin):
    list_display = ["name", "kind", "maker", "year", "condition", "price", "in_stock", "featured"]
    list_filter = ["kind", "condition", "in_stock", "featured"]
    search_fields = ["name", "maker", "description"]
    prepopulated_fields = {"slug": ["name"]}


@admin.register(Article)
class ArticleAdmin(admin.ModelAdmin):
    list_display = ["title", "published", "minutes"]
    date_hierarchy = "published"
    search_fields = ["title", "body"]
    prepopulated_fields = {"slug": ["title"]}


@admin.register(RepairRequest)
class RepairRequestAdmin(admin.ModelAdmin):
    list_display = ["instrument", "name", "created", "file_name", "file_size"]
    readonly_fields = ["created", "attachment", "file_name", "file_size", "file_sha256"]
    search_fields = ["name", "instrument", "problem"]


@admin.register(Picture)
class PictureAdmin(admin.ModelAdmin):
    list_display = ["title", "name", "created"]
    readonly_fields = ["created"]
    search_fields = ["title", "name"]


@admin.register(Recording)
class RecordingAdmin(admin.ModelAdmin):
    list_display = ["file_name", "created", "title"]
    readonly_fields = ["created", "file", "file_name", "heard"]
