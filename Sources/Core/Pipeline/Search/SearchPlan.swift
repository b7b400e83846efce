import DistillCore
import DistillYAML
import Foundation

/// A search file, checked before the first trial begins, and the trials that it leads to.
package struct SearchPlan {
  package let file: String
  package let options: SearchOptions
  package let output: URL
  /// The pipeline as written, which is trial 0.
  package let pipeline: Pipeline
  /// The values of the command line, which replace those of the pipeline in every trial.
  private let overrides: [String]
  private let registry: PluginRegistry
  private let source: SourceMap

  /// The axes of the search.
  package var axes: [SearchAxis] { options.values.axes }

  /// What a trial is not given, because only its answers to held-out texts count.
  private static let leftOut = ["knowledge_base=null", "task.validation=null"]

  /// Reads a search file and checks every value that it names, and the ends of its ranges.
  ///
  /// - Parameters:
  ///   - file: The path of the search file.
  ///   - overrides: Values such as `precision=bfloat16` that replace those of the pipeline.
  ///   - output: The folder of the trials. Default: the one in the file.
  ///   - registry: The plugins that the pipeline may name.
  /// - Throws: `Diagnostics` with everything that is wrong in the file or in the pipeline.
  package init(_ file: String, overrides: [String] = [], output: URL? = nil, registry: PluginRegistry) throws {
    var document = YAMLDocument(file: file)
    document.substitute(environment: ProcessInfo.processInfo.environment)
    let decoded = try document.draft(SearchOptions.self, registry: registry).decoded()
    (self.file, options, source) = (file, decoded.value, decoded.source)
    (self.overrides, self.registry) = (overrides, registry)
    self.output = output ?? options.output.url
    pipeline = try Pipeline(file: options.pipeline.url.path, settings: overrides, registry: registry)
    if pipeline.options.task.holdOut == 0 {
      throw mistake(
        at: "pipeline", "this pipeline holds no texts out, and trials are compared on nothing else",
        hint: "write `hold_out: 0.1` in its `task`, or search with --set task.hold_out=0.1")
    }
    let problems = options.values.axes.flatMap { $0.problems(in: options.pipeline.url.path, overrides, registry) }
    guard problems.isEmpty else { throw Diagnostics(problems) }
  }

  /// Returns a mistake in the search file.
  package func mistake(at path: String, _ message: String, hint: String) -> Diagnostics {
    Diagnostics(Diagnostic(message, at: source.range(of: path), hint: hint))
  }

  /// The numbers of rungs that the first rung still trains the pipeline for an epoch with, and for as many as its schedule needs.
  ///
  /// - Throws: `Diagnostics` if the file asks for more.
  package func rungs() throws -> ClosedRange<Int> {
    var most = 1
    while most < options.rungs ?? 3 {
      let epochs = Double(pipeline.options.training.epochs) / pow(Double(HalvingSchedule.factor), Double(most))
      let settings = overrides + ["training.epochs=\(Int(epochs.rounded()))"]
      guard epochs >= 1, (try? Pipeline(file: options.pipeline.url.path, settings: settings, registry: registry)) != nil
      else { break }
      most += 1
    }
    if let given = options.rungs, given > most {
      throw mistake(
        at: "rungs",
        "the first of \(given) rungs would train for too few of \(pipeline.options.training.epochs) epochs",
        hint: "write at most \(most)")
    }
    return (options.rungs ?? 1)...most
  }

  /// Whether each trial has a teacher of its own.
  package var changesTeacher: Bool {
    axes.contains { $0.path.hasPrefix("teacher") || $0.path == "precision" || $0.path == "task.max_length" }
  }

  /// Returns the first trials, none of which is the pipeline as written.
  package func trials(_ count: Int) -> [Trial] {
    let written = pipeline.options.resolvedYAML()
    return Trial.drawn(from: axes, seed: options.seed, atMost: count) { trial in
      let same = try? Pipeline(
        file: options.pipeline.url.path, settings: overrides + trial.settings, registry: registry)
      return same?.options.resolvedYAML() != written
    }
  }

  /// Returns the training of a trial for a share of its epochs.
  ///
  /// - Throws: `Diagnostics` if its values do not go together, and ``RunError`` if its folder holds other values.
  package func run(_ trial: Trial, share: Double) throws -> PlannedRun {
    let settings = overrides + trial.settings
    let options = try Pipeline(file: self.options.pipeline.url.path, settings: settings, registry: registry).options
    let epochs = max(1, Int((Double(options.training.epochs) * share).rounded()))
    return try PlannedRun(
      "\(trial.slug)-epochs-\(epochs)", self.options.pipeline.url.path,
      settings + Self.leftOut + ["training.epochs=\(epochs)"], in: output, registry: registry)
  }

  /// Returns the pipeline with the values of a trial as a file that extends the pipeline file, with what differs.
  package func pipelineFile(_ trial: Trial, remark: String) throws -> String {
    let settings = overrides + trial.settings
    let best = try Pipeline(file: options.pipeline.url.path, settings: settings, registry: registry)
    // A key at the top replaces that of the extended file as a whole.
    let keys = Set(settings.map { String($0.prefix { !".[=".contains($0) }) })
    let base = YAMLValue.mapping([YAMLValue.Entry("extends", .text(options.pipeline.url.path))]).document
    return "# \(remark)\n" + base + best.options.writtenYAML(of: keys, in: best.source) + "output: best\n"
  }
}

extension SearchAxis {
  /// What is wrong with the path or its values, at their places in the search file.
  fileprivate func problems(in file: String, _ overrides: [String], _ registry: PluginRegistry) -> [Diagnostic] {
    if let reason = refusal { return [Diagnostic("`\(path)` cannot be searched: \(reason)", at: pathRange)] }
    for (value, place) in zip(ends, endRanges) {
      do { _ = try Pipeline(file: file, settings: overrides + ["\(path)=\(value.flow)"], registry: registry) } catch {
        guard let found = error as? Diagnostics else { return [Diagnostic("\(error)", at: place)] }
        return found.list.map { problem in
          guard problem.range.source.name == "--set \(path)" else {
            return Diagnostic("with \(value.flow): \(problem.range): \(problem.message)", at: place, hint: problem.hint)
          }
          let isAboutPath = problem.range.column <= path.unicodeScalars.count
          return Diagnostic(problem.message, at: isAboutPath ? part(problem.range) : place, hint: problem.hint)
        }
      }
    }
    return []
  }

  /// Returns the place of a part of the path in the search file.
  private func part(_ part: SourceRange) -> SourceRange {
    guard pathRange.length == path.unicodeScalars.count else { return pathRange }  // it is in quotes
    return SourceRange(
      source: pathRange.source, line: pathRange.line, column: pathRange.column + part.column - 1, length: part.length)
  }

  /// The reason why trials with different values of this option could not be compared, or `nil`.
  private var refusal: String? {
    let top = path.prefix { !".[".contains($0) }
    switch top {
    case "knowledge_base":
      return "trials have no knowledge base; `knowledge_base: {choose: {}}` chooses its K, β and τ after the training"
    case "task" where path != "task.max_length":
      return "all trials have to answer the same texts"
    case "training" where ["training", "training.seed", "training.keep"].contains(path):
      return "it decides which texts are held out, and all trials have to answer the same ones"
    case "version", "name", "output", "baselines", "teacher_memory", "extends":
      return "it changes nothing that a student learns"
    default: return nil
    }
  }
}
