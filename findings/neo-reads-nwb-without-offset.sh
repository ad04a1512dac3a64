#!/usr/bin/env bash
# The same NWB series is 130 mV for pynwb and 200 mV, or 200 of no unit, for neo.
# Packages: neo 0.14.6, pynwb 4.2.0, hdmf 6.2.0, quantities 0.16.4, numpy 2.4.6.
# Expected: values are data x conversion + offset, in the unit of the series, as NWB defines and
#   pynwb's get_data_in_units gives; a reader that cannot do that refuses.
# Happens: neo's NWBIO does not look at the offset: 200 x 0.001 V - 0.07 V is 200 mV, without a
#   word. It makes a unit from the conversion and the unit's full name: "volts" becomes mV, but "V"
#   or "A" with a conversion becomes dimensionless (logged) with the raw integers. A conversion
#   that is no power of 1000, as amplifiers have, is ValueError for the whole file.
# Why it matters: membrane potentials are tens of millivolts off, or a threshold in mV is compared
#   with counts of a converter.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check \
    neo==0.14.6 pynwb==4.2.0 hdmf==6.2.0 quantities==0.16.4 numpy==2.4.6
cd "$work" && venv/bin/python -W ignore - <<'END'
from datetime import datetime, timezone
import neo, numpy as np, pynwb

def both(name, **scale):
    file = pynwb.NWBFile("one signal", name, datetime(2020, 1, 1, tzinfo=timezone.utc))
    counts = np.array([200, 100], dtype="int16")
    file.add_acquisition(pynwb.TimeSeries(name="v", data=counts, rate=1000.0, starting_time=0.0, **scale))
    with pynwb.NWBHDF5IO(name + ".nwb", "w") as io:
        io.write(file)
    with pynwb.NWBHDF5IO(name + ".nwb", "r") as io:
        series = io.read().acquisition["v"]
        by_pynwb = f"{series.get_data_in_units()[0]:.3f} {series.unit}"
    try:
        signal = neo.io.NWBIO(name + ".nwb", "r").read_all_blocks()[0].segments[0].analogsignals[0]
        by_neo = f"{float(signal.magnitude[0, 0]):.0f} {signal.units.dimensionality.string}"
    except ValueError as error:
        by_neo = f"ValueError: {error}"
    print(f"{scale}: pynwb {by_pynwb}, neo {by_neo}")
    return by_pynwb, by_neo

plain = both("plain", unit="volts", conversion=1e-3)
offset = both("offset", unit="volts", conversion=1e-3, offset=-0.07)
symbol = both("symbol", unit="V", conversion=1e-3)
device = both("device", unit="volts", conversion=2e-3)
assert plain == ("0.200 volts", "200 mV"), "a series without an offset is read otherwise"
assert offset == ("0.130 volts", "200 mV"), "neo or pynwb treats the offset otherwise"
assert symbol == ("0.200 V", "200 dimensionless"), "the unit V with a conversion is read otherwise"
assert "conversion factor: 0.002" in device[1], "a conversion of 0.002 is read"
END
