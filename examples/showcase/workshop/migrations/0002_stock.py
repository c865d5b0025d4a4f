"""Fills the shelves and the notebook, so that `migrate` is all the setup there is."""

from django.db import migrations

from workshop.content.articles import articles
from workshop.content.instruments import instruments


def fill(apps, schema_editor):
    for model_name, rows in (("Instrument", instruments()), ("Article", articles())):
        model = apps.get_model("workshop", model_name)
        model.objects.using(schema_editor.connection.alias).bulk_create(model(**row) for row in rows)


def clear(apps, schema_editor):
    for model_name, rows in (("Instrument", instruments()), ("Article", articles())):
        model = apps.get_model("workshop", model_name)
        slugs = [row["slug"] for row in rows]
        model.objects.using(schema_editor.connection.alias).filter(slug__in=slugs).delete()


class Migration(migrations.Migration):
    dependencies = [("workshop", "0001_shop")]
    operations = [migrations.RunPython(fill, clear)]
