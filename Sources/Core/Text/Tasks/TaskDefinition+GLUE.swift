extension TaskDefinition {
  /// The names of the built-in tasks, which are those of GLUE (Wang et al. 2019) with the columns of its files.
  public static let names = glue.map(\.name)

  /// Returns the built-in task with this name, or `nil` if it is not one of `names`.
  public static func named(_ name: String) -> TaskDefinition? { glue.first { $0.name == name } }

  /// The built-in tasks. Labels have the same indices as in the GLUE datasets of Hugging Face.
  private static let glue = [
    binary(
      "mrpc", ["not_equivalent", "equivalent"], [.accuracy, .f1],
      RowLayout(.tsv, text: "#1 String", pair: "#2 String", target: "Quality")),
    TaskDefinition(
      "rte", .classification(labels: ["entailment", "not_entailment"]), [.accuracy],
      RowLayout(.tsv, text: "sentence1", pair: "sentence2", target: "label")),
    binary(
      "cola", ["unacceptable", "acceptable"], [.matthews],
      RowLayout(
        .tsv, text: "sentence", target: "label", impliedHeader: ["source", "label", "original judgement", "sentence"])),
    binary("sst-2", ["negative", "positive"], [.accuracy], RowLayout(.tsv, text: "sentence", target: "label")),
    TaskDefinition(
      "sts-b", .regression, [.pearson, .spearman],
      RowLayout(.tsv, text: "sentence1", pair: "sentence2", target: "score")),
    TaskDefinition(
      "qnli", .classification(labels: ["entailment", "not_entailment"]), [.accuracy],
      RowLayout(.tsv, text: "question", pair: "sentence", target: "label")),
    binary(
      "qqp", ["not_duplicate", "duplicate"], [.accuracy, .f1],
      RowLayout(.tsv, text: "question1", pair: "question2", target: "is_duplicate")),
    TaskDefinition(
      "mnli", .classification(labels: ["entailment", "neutral", "contradiction"]), [.accuracy],
      RowLayout(.tsv, text: "sentence1", pair: "sentence2", target: "gold_label")),
    binary(
      "wnli", ["not_entailment", "entailment"], [.accuracy],
      RowLayout(.tsv, text: "sentence1", pair: "sentence2", target: "label")),
  ]

  /// Creates a task whose files contain 0 and 1 for its labels.
  private static func binary(_ name: String, _ labels: [String], _ metrics: [Metric], _ layout: RowLayout)
    -> TaskDefinition
  {
    TaskDefinition(name, .classification(labels: labels), metrics, layout, spellings: ["0", "1"])
  }
}
