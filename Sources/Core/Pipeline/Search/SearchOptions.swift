import DistillCore

/// The options of a search file: a pipeline, and values of which the best are to be found.
package struct SearchOptions: Configurable, Sendable {
  package var version = 0
  package var pipeline: OptionPath = ""
  package var values = SearchValues()
  package var minutes: Double = 30
  package var trials = 27
  package var rungs: Int?
  package var seed = 0
  package var output: OptionPath = ""

  package init() {}

  package mutating func options(_ visit: inout OptionVisitor) {
    visit("version", &version, required: true, "Version of this format: 1.")
    if version != 1 { visit.reject("version", "this program reads version 1") }
    visit("pipeline", &pipeline, required: true, "The pipeline file.")
    visit(
      "values", &values, required: true,
      "Paths of options, such as training.learning_rate, with a list of values or a range, such as {from: 1e-5, to: 1e-3}."
    )
    visit("minutes", &minutes, in: .positive, "The time that the whole search may take.")
    visit("trials", &trials, in: .between(1, 10_000), "The largest number of trials beside the pipeline as written.")
    visit("rungs", &rungs, in: .between(1, 5), "Number of rungs. Default: at most 3, as few as the time permits.")
    visit(
      "seed", &seed, in: .nonNegative, "Seed of the values that are drawn. The trials have the seed of the pipeline.")
    visit("output", &output, required: true, "Folder of the trials.")
  }
}
