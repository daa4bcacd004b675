"""A table of prompts to a table of pictures."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Union

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

Option = Union[str, int, float, bool, bytes, Sequence[str], Sequence[float], None]

FUNCTION = "flux_image"

#: Columns of a prompt table that are part of a request; others are carried through.
REQUEST_COLUMNS = frozenset(
    {
        "id",
        "prompt",
        "prompt_2",
        "negative_prompt",
        "true_cfg_scale",
        "height",
        "width",
        "num_inference_steps",
        "guidance_scale",
        "seed",
        "num_images_per_prompt",
        "max_sequence_length",
        "strength",
        "true_cfg_start",
        "true_cfg_stop",
        "first_block_cache_threshold",
        "image",
        "mask_image",
        "control_image",
        "lora",
        "lora_scale",
        "prompt_embeds",
        "pooled_prompt_embeds",
    }
)

_MADE = "_fluxspark_made"


def generate(df: DataFrame, model: str | None = None, **options: Option) -> DataFrame:
    """One picture for each row of a prompt table.

    Nothing is made before the result is used, and then each time that it is used: write it, or
    cache it.

    Args:
        df: has a column ``prompt``, or ``prompt_embeds`` and ``pooled_prompt_embeds``. Its other
            columns of a request (``height``, ``seed``, ``image``, ...) count for their row where
            they are not null. What is no request's is carried through.
        model: a pipeline folder or its URI, or ``builtin:NAME``; the session's
            ``spark.fluxspark.model`` where it is left out, else ``builtin:tiny``.
        **options: values for rows that do not bring them (``height=512``), and options of the
            call: ``dtype``, ``batch_size``, ``image_format``, ``image_quality``, ``variant``,
            ``cpu_offload``, ``auto_resize``, ``max_size``, ``model_cache``, ``model_cache_size``.

    Returns:
        The table's other columns, then those of the pictures: the request as used,
        ``image`` (a struct of ``bytes`` and ``path``), ``sha256``, ``model``, ``request_key``,
        ``error_code``, ``error_message`` and others. A row that is wrong has an error and no image.

    Raises:
        ValueError: the table has no prompts, or a column with the name of one of the result.
        RuntimeError: the session was not given the extension.
        pyspark.errors.AnalysisException: an option or the model is wrong. Over Spark Connect that
            comes when the result is first looked at.
    """
    _require_function(df)
    functions = _functions(df)
    names = {name.lower(): name for name in df.columns}
    if "prompt" not in names and not {"prompt_embeds", "pooled_prompt_embeds"} <= names.keys():
        raise ValueError(
            "the table has no column 'prompt'; its columns are " + ", ".join(df.columns)
        )
    prompt = (
        functions.col(_quoted(names["prompt"]))
        if "prompt" in names
        else functions.lit(None).cast("string")
    )
    constants = {name: value for name, value in options.items() if value is not None}
    if model is not None:
        constants["model"] = model
    values = [_literal(functions, value).alias(name) for name, value in constants.items()]
    values += [
        functions.col(_quoted(name)).alias(column)
        for column, name in names.items()
        if column in REQUEST_COLUMNS and column != "prompt"
    ]
    arguments = [prompt] + ([functions.struct(*values)] if values else [])
    carried = [name for name in df.columns if name.lower() not in REQUEST_COLUMNS]
    made = df.select(
        *(functions.col(_quoted(name)) for name in carried),
        functions.call_function(FUNCTION, *arguments).alias(_MADE),
    )
    taken = {field.name for field in made.schema[_MADE].dataType.fields}
    for name in carried:
        if name.lower() in taken:
            raise ValueError(f"column '{name}' has a name of the result; rename it")
    return made.select(*(functions.col(_quoted(name)) for name in carried), f"{_MADE}.*")


def _require_function(df: DataFrame) -> None:
    if not df.sparkSession.catalog.functionExists(FUNCTION):
        raise RuntimeError(
            "this Spark session does not know flux_image: start it with fluxspark-jobs.jar in"
            " spark.jars (or, for Spark Connect, on spark.driver.extraClassPath and"
            " spark.executor.extraClassPath) and"
            " spark.sql.extensions=io.fluxspark.spark.FluxSparkExtensions"
        )


def _functions(df: DataFrame) -> ModuleType:
    """Those of the kind of session that the table belongs to."""
    if type(df).__module__.startswith("pyspark.sql.connect."):
        import pyspark.sql.connect.functions as functions
    else:
        import pyspark.sql.functions as functions
    return functions


def _literal(functions: ModuleType, value: Option) -> Column:
    if isinstance(value, (list, tuple)):
        return functions.array(*(functions.lit(element) for element in value))
    return functions.lit(value)


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
