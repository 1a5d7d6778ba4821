// Scoring over Thrift: the strict binary protocol, buffered or framed.
// `scoreline thrift DEPLOYMENT` prints this file with the columns of a deployment in Row.
//
// Calls go to the default deployment or, through TMultiplexedProtocol, to the one that is named there.

namespace * scoring

/** Why a call was refused; docs/errors.md lists the codes. */
exception ScoringError {
  1: string code,
  2: string kind,
  3: string message,
  /** What to do. */
  4: string hint,
  /** The row to blame, from 1. */
  5: optional i32 row,
  6: optional string column,
}

/** One row. A field that is not set is missing. */
struct Row {
}

service ScoringService {
  /** Say who calls on this connection: with an API key or a token. */
  void login(1: string key) throws (1: ScoringError error),

  /** The probabilities of the labels in their order, or the one prediction. The flags must be false. */
  list<double> score(1: Row row, 2: bool pred_contribs, 3: bool output_margin) throws (1: ScoringError error),
  list<list<double>> score_batch(1: list<Row> rows, 2: bool pred_contribs, 3: bool output_margin)
    throws (1: ScoringError error),
  /** The same for rows of text under the names of their columns, of any deployment; empty text is missing. */
  list<list<double>> score_table(1: list<string> fields, 2: list<list<string>> rows) throws (1: ScoringError error),

  list<string> get_column_names() throws (1: ScoringError error),
  list<string> get_target_labels() throws (1: ScoringError error),
  /** Always refused: feature work and model are one graph. */
  list<string> get_transformed_column_names() throws (1: ScoringError error),
  /** The digest of the scoring pipeline. */
  string get_hash() throws (1: ScoringError error),
}
