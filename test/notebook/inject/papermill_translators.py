"""Papermill's translators, as a process: a line of JSON [language, parameters] in, [source] or [null, error] out."""

import json
import sys

from papermill.translators import papermill_translators

for line in sys.stdin:
    digits = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    language, parameters = json.loads(line)
    sys.set_int_max_str_digits(digits)
    try:
        answer = [papermill_translators.find_translator(language, language).codify(parameters)]
    except Exception as error:
        answer = [None, type(error).__name__]
    print(json.dumps(answer), flush=True)
