"""What Python itself and papermill read in parameters cells: a JSON list of sources on stdin, a list of answers on stdout.

`python` has one [name, source of its value or null, has a value in JSON, that value] for each assignment at the top level,
as `ast` sees it; `papermill` has what papermill's own inspection says.
"""

import ast
import json
import logging
import math
import sys

from papermill.translators import PythonTranslator

logging.disable(logging.CRITICAL)


class NoJson(Exception):
    pass


def plain(value):
    """The value as JSON, tuples as lists; raises NoJson for what JSON has no word for."""
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        raise NoJson
    if isinstance(value, str):
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise NoJson
        return value
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {plain(key): plain(item) for key, item in value.items()}
    raise NoJson


def read(source):
    found = {}
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.Assign):
            targets, value = statement.targets, statement.value
        elif isinstance(statement, ast.AnnAssign):
            targets, value = [statement.target], statement.value
        else:
            continue
        for target in targets:
            if not isinstance(target, ast.Name) or target.id.startswith("_"):
                continue
            if value is None:
                found.setdefault(target.id, [target.id, None, False, None])
                continue
            try:
                literal = [True, plain(ast.literal_eval(value))]
            except (NoJson, ValueError, TypeError, SyntaxError):
                literal = [False, None]
            found[target.id] = [target.id, ast.get_source_segment(source, value), *literal]
    return list(found.values())


def answer(source):
    try:
        python = read(source)
    except SyntaxError:
        python = None
    papermill = PythonTranslator.inspect({"source": source})
    return {"python": python, "papermill": [parameter._asdict() for parameter in papermill]}


json.dump([answer(source) for source in json.load(sys.stdin)], sys.stdout)
