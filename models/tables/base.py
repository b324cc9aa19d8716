"""The declarative base: names of constraints, and the column types that every table shares."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from sqlalchemy import BigInteger, DateTime, Enum, ForeignKey, MetaData, Text, Uuid, func
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column

from models.ids import new_id

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

Id = Annotated[str, mapped_column(Uuid(as_uuid=False), primary_key=True, default=new_id)]
Json = dict[str, Any]


class Base(DeclarativeBase):
    """Base of every table."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own way
        str: Text(),
        datetime: DateTime(timezone=True),
        Json: JSONB(),
        list[str]: ARRAY(Text()),
        int: BigInteger(),
    }


def reference(table: str, *, ondelete: str | None = None) -> Any:
    """A column that points at another table's id."""
    return mapped_column(Uuid(as_uuid=False), ForeignKey(f"{table}.id", ondelete=ondelete))


def choice(enum: type[StrEnum]) -> Any:
    """A text column that holds one word of an enum; the CHECK is part of the schema."""
    return mapped_column(
        Enum(
            enum,
            native_enum=False,
            create_constraint=True,
            length=32,
            name=_snake(enum.__name__),
            values_callable=lambda words: [word.value for word in words],
        )
    )


def made_at() -> Any:
    """When the row was made, on PostgreSQL's clock."""
    return mapped_column(DateTime(timezone=True), server_default=func.now())


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
