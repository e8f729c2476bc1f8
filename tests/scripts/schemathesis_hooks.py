"""What the tester knows of the world that it asks about, and what it must not do to itself.

Loaded by schemathesis (SCHEMATHESIS_HOOKS, see schemathesis.sh).
"""

import os
import zlib

import schemathesis

# The ids of orders follow from their keys (see holdfast-doors).
ORDERS = ["o-uij8ulda5rcl89em4pt6pgbbrg", "o-vqq1gf9v3mvj95eod2qjcuq35k"]
THERE = {
    "consumer": ["erp"],
    "order": ORDERS,
    "replica": ["leeds-a"],
    "sku": ["SKU-00001", "SKU-00002"],
    "store": ["leeds"],
    "task": [order + "-1" for order in ORDERS],
    "version": [0, 1],
}
OWN = {os.environ["HOLDFAST_KEY_ID"], os.environ["HOLDFAST_DEVICE_ID"]}


def is_meant_well(case):
    return case.meta is not None and case.meta.generation.mode.is_positive


@schemathesis.hook
def before_call(context, case, kwargs):
    parameters = case.path_parameters or {}
    # What only names something unknown gets no further than a 404.
    if is_meant_well(case):
        for name, values in THERE.items():
            if name in parameters:
                drawn = zlib.crc32(repr((case.operation.label, parameters[name], case.body)).encode())
                if drawn % 4 != 0:
                    parameters[name] = values[drawn // 4 % len(values)]
    # It learns the ids of keys and devices from their lists, and would revoke its own.
    for name in ("key", "device"):
        if parameters.get(name) in OWN:
            parameters[name] = "somebody-else"
