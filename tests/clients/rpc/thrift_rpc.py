"""thriftpy2 calls the methods of Driverless AI's TCP service, out of the IDL that a deployment has."""

import json
import sys

import thriftpy2
from thriftpy2.protocol import TBinaryProtocolFactory, TMultiplexedProtocolFactory
from thriftpy2.rpc import make_client
from thriftpy2.transport import TBufferedTransportFactory, TFramedTransportFactory

host, port, key, file = sys.argv[1:]
rows = json.load(sys.stdin)
scoring = thriftpy2.load(file, module_name="scoring_thrift")
told = {}


def refused(call, *arguments):
    try:
        call(*arguments)
    except scoring.ScoringError as error:
        return [error.code, error.row, error.column]


for name, transport in (("buffered", TBufferedTransportFactory()), ("framed", TFramedTransportFactory())):
    client = make_client(scoring.ScoringService, host, int(port), trans_factory=transport)
    structs = [scoring.Row(**row) for row in rows]
    told[name] = {"stranger": refused(client.get_hash), "wrong key": refused(client.login, "sl_no")}
    client.login(key)
    told[name] |= {
        "labels": client.get_target_labels(),
        "columns": client.get_column_names(),
        "score": client.score(structs[0], False, False),
        "rows": client.score_batch(structs, False, False),
        "table": client.score_table(list(rows[0]), [[str(value) for value in row.values()] for row in rows]),
        "many": len(client.score_batch(structs * 1000, False, False)),
        "missing": client.score(scoring.Row(city="Oslo"), False, False),
        "refused": refused(client.score_table, ["age", "income"], [["40", "1"], ["40", "much"]]),
    }
    client.close()
protocol = TMultiplexedProtocolFactory(TBinaryProtocolFactory(), "loans")
client = make_client(scoring.ScoringService, host, int(port), proto_factory=protocol)
client.login(key)
told["named"] = client.score(scoring.Row(**rows[0]), False, False)
client.close()
print(json.dumps(told))
