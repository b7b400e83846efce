import DistillCore
import DistillTraining
import Foundation

/// The page of an exported model, `README.md`: a model card as Hugging Face's hub shows it.
struct ExportPage {
  let run: FinishedRun
  let encoder: any ExportableEncoder
  let task: TaskDefinition
  let maximumLength: Int
  let format: ExportFormat
  let details: ExportDetails
  let report: Report

  /// The whole page.
  var text: String {
    ([frontMatter, introduction, "## Use\n\n" + use, "## How it was made\n\n" + making, "## Figures\n\n" + figures]
      + ["## Data\n\n" + data, "## Limits\n\n" + limits, "## Licence\n\n" + license, pipeline])
      .joined(separator: "\n\n") + "\n"
  }

  /// The settings that the hub reads. What is not known is left out.
  private var frontMatter: String {
    var lines = ["library_name: \(format.rawValue)"]
    lines.append("pipeline_tag: " + (format == .sentenceTransformers ? "sentence-similarity" : "text-classification"))
    if let license = details.license { lines.append("license: \(license)") }
    if let base = details.baseModel { lines.append("base_model: \(YAMLValue.text(base).flow)") }
    lines.append("tags: [\(encoder.card.architecture), knowledge-distillation, swift-distill]")
    return (["---"] + lines + ["---"]).joined(separator: "\n")
  }

  private var introduction: String {
    let card = encoder.card
    let input = task.hasPairs ? "two texts" : "a text"
    let answer =
      switch task.kind {
      case .classification(let labels): "which of \(labels.count) labels \(input) \(task.hasPairs ? "have" : "has")"
      case .multilabel(let labels):
        "which of \(labels.count) labels apply to \(input), of which there may be several or none"
      case .regression: "a score of \(input)"
      }
    var lines = [
      "# \(plain(report.name))", "",
      "A \(card.architecture) encoder of \(card.layers) layers of width \(card.width), with "
        + "\(card.parameters) parameters, that tells \(answer). "
        + (run.options.teacher == nil ? "It was trained" : "It was distilled from a larger encoder")
        + " with swift-distill\(run.record.version.map { " " + plain($0) } ?? "").",
    ]
    if let labels = task.kind.labels {
      let more = labels.count > 20 ? ", and \(labels.count - 20) more" : ""
      lines += [
        "",
        "Labels, in the order of the outputs: " + labels.prefix(20).map(code).joined(separator: ", ") + more
          + ". `task.json` has all of them.",
      ]
    }
    return lines.joined(separator: "\n")
  }

  /// The teacher, the student, the losses and the training, in a list. The pipeline at the end of the page has every option.
  private var making: String {
    let options = run.options
    func named(_ plugin: any Plugin) -> String { code(type(of: plugin).name) }
    var lines: [String] = []
    if let teacher = options.teacher {
      lines.append("- Teacher: \(named(teacher))\(origin(of: "teacher")).")
    }
    if let student = options.student { lines.append("- Student: \(named(student))\(origin(of: "student")).") }
    lines += options.losses.compactMap { loss in
      guard let term = loss.term else { return nil }
      let source = type(of: term).reference.source.map { " " + plain($0) } ?? ""
      return "- Loss: \(named(term)), weight \(loss.weight).\(source)"
    }
    if let schedule = options.schedule { lines.append("- Schedule of layers and losses: \(named(schedule)).") }
    let training = options.training
    lines.append(
      "- Training: at most \(training.epochs) epochs of batches of \(training.batchSize), learning rate \(training.learningRate), "
        + "seed \(options.seed), in \(options.precision.rawValue).")
    let weights = run.record.provenance.entries.filter {
      $0.key.hasPrefix("files.") && !$0.key.hasPrefix("files.task.") && $0.key.hasSuffix(".safetensors")
    }
    for (file, digest) in weights.sorted(by: { $0.key < $1.key }) {
      lines.append("- SHA-256 of \(code(String(file.dropFirst("files.".count)))): \(code(digest))")
    }
    return lines.joined(separator: "\n")
  }

  /// The names of the folders that a part of the pipeline comes from.
  private func origin(of part: String) -> String {
    let folders = run.options.ingredients.paths.filter {
      $0.place == part || $0.place.hasPrefix(part + ".")
    }.map { code($0.path.url.lastPathComponent) }
    return folders.isEmpty ? "" : " from " + folders.joined(separator: ", ")
  }

  private var figures: String {
    // The knowledge base is not part of the folder, so that its figures are not the figures of this model.
    let rows = report.rows.filter { !Evaluation.knowledgeBaseRows.contains($0.name) }
    guard !rows.isEmpty else { return "The run had no validation texts, so that there are none." }
    let table = TextTable(cells: Report(name: report.name, rows: rows, count: report.count).cells).markdown
    let metric = rows.first?.scores.first?.metric ?? ""
    let notes = [
      "This model is the row `student`, on \(report.count) validation texts. 95 %: the interval of \(metric) over resamples of these texts.",
      report.selection.map(plain),
      rows.contains { $0.threshold != nil } ? "A label is given from the probability in `task.json` on." : nil,
    ]
    return table + "\n\n" + notes.compactMap { $0 }.joined(separator: " ")
  }

  private var data: String {
    func names(_ paths: OptionPaths?) -> String {
      (paths?.list ?? []).map { code($0.url.lastPathComponent) }.joined(separator: ", ")
    }
    let provenance = run.record.provenance
    func line(_ what: String, _ files: String, _ digest: String?) -> String? {
      files.isEmpty
        ? nil
        : "- \(what): \(files)"
          + (digest.map { ", SHA-256 of its texts and answers as they were used: \(code($0))" } ?? "")
    }
    let task = run.options.task
    let lines = [
      "- Task: \(code(task.use))",
      line("Training", names(task.train), provenance["texts.training"]),
      line("Texts without labels", names(task.unlabelled), provenance["texts.unlabelled"]),
      line("Validation", names(task.validation), provenance["texts.validation"]),
      task.holdOut > 0 ? "- Held out of the training file, to choose epoch and settings: \(task.holdOut) of it" : nil,
    ]
    return lines.compactMap { $0 }.joined(separator: "\n")
  }

  private var limits: String {
    var lines = [
      "- A sequence has at most \(maximumLength) tokens, special tokens included; longer texts are shortened"
        + (task.hasPairs ? ", the longer of the two first." : "."),
      "- The knowledge base of the run, and what it was taught later, are not part of this folder: it has the student alone.",
      "- The figures come from one training with one seed, and from texts like those of the validation file.",
    ]
    if run.precision != .float32 {
      lines.append(
        "- The figures were measured in \(run.precision.rawValue). The weights are in float32, so that answers may differ a little."
      )
    }
    if task.kind.labels != nil {
      lines.append("- It knows the labels above and no others: a text of another kind gets one of them, too.")
    }
    return lines.joined(separator: "\n")
  }

  private var license: String {
    if let license = details.license {
      return "\(license), as stated by the person who exported this model; swift-distill has not checked it."
    }
    let bases = Set(["teacher", "student"].map { origin(of: $0) }).filter { !$0.isEmpty }.sorted()
    return
      "Unknown to the program that wrote this page. It depends on the licences of the model that the weights come from"
      + (bases.isEmpty ? "" : " (\(bases.map { $0.trimmingPrefix(" from ") }.joined(separator: ", ")))")
      + " and of the data, which must be looked up before this model is passed on. Then add `license:` to the top of this file."
  }

  /// The pipeline file of the run. Of paths it shows the last part.
  private var pipeline: String {
    let text = (try? FileSystem.text(of: run.folder.pipeline)) ?? ""
    let shown = text.replacing(/"(?:\/|\$\{\w+\})[^"\n]*\/([^"\n]*)"/) { "\"\($0.1)\"" }
      .replacing(/([ \[])(?:\/|\$\{\w+\})[^\s",\]]*\/([^\s",\]]*)/) { $0.1 + $0.2 }
    return "## Pipeline\n\n```yaml\n\(shown.trimmingCharacters(in: .newlines))\n```"
  }
}

extension ExportPage {
  /// Returns text that Markdown shows as it is, on one line.
  func plain(_ text: String) -> String {
    text.escapingControls().reduce(into: "") { $0 += "\\`*_[]<>|#".contains($1) ? "\\\($1)" : String($1) }
  }

  /// Returns text as code on one line.
  func code(_ text: String) -> String {
    let fence = text.contains("`") ? "``" : "`"
    let space = text.contains("`") ? " " : ""
    return fence + space + text.escapingControls() + space + fence
  }
}
