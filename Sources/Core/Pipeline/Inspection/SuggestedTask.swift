import DistillCore
import Foundation

/// The section `task` of a pipeline for files that were inspected.
package struct SuggestedTask: Sendable {
  /// The value of `use`: a format, or a task of GLUE.
  package let use: String
  /// The training file, relative to the folder of the pipeline.
  package let train: String
  /// The validation file, likewise, if there is one.
  package let validation: String?
  package let columns: ColumnRoles
  /// What is between the fields of CSV, if it is no comma.
  package let separator: String?
  /// The least usual number of tokens that 99 of 100 training texts do not exceed.
  package let maximumLength: Int
  package let holdOut = 0.1

  /// The lengths that are suggested.
  private static let lengths = [16, 32, 64, 128, 256, 512]

  /// Suggests a task for the first file whose name says that it is for training, or else the first one with answers. Another file in the
  /// same layout is for validation.
  ///
  /// - Parameters:
  ///   - inspection: The files.
  ///   - folder: The folder of the pipeline.
  ///   - limit: The largest number of tokens that the model reads.
  ///   - tokens: Whether the lengths are tokens. A word is taken for two of them.
  /// - Returns: `nil` if no file has a column of answers.
  package init?(_ inspection: DataInspection, from folder: URL, limit: Int = 512, tokens: Bool) {
    func isCalled(_ file: FileInspection, _ words: [String]) -> Bool {
      let name = file.source.file?.lastPathComponent.lowercased() ?? ""
      return words.contains(where: name.contains)
    }
    let labelled = inspection.files.indices.filter { inspection.files[$0].roles.answer != nil }
    guard let place = labelled.first(where: { isCalled(inspection.files[$0], ["train"]) }) ?? labelled.first else {
      return nil
    }
    let file = inspection.files[place]
    let others = labelled.filter { $0 != place && inspection.files[$0].layout == file.layout }
      .map { inspection.files[$0] }
    let other =
      others.first { isCalled($0, ["valid", "dev"]) } ?? others.first { isCalled($0, ["test"]) } ?? others.first
    func path(_ file: FileInspection) -> String { file.source.file.map { relativePath($0, from: folder) } ?? "FILE" }
    use = file.sample.isCoLA ? "cola" : file.layout.format.rawValue
    (train, validation, columns) = (path(file), other.map(path), file.roles)
    let byte = file.layout.separator
    separator =
      file.layout.format == .csv && byte != UInt8(ascii: ",")
      ? (byte == UInt8(ascii: "\t") ? "tab" : String(UnicodeScalar(byte))) : nil
    let needed = file.lengths.quantile(0.99) * (tokens ? 1 : 2)
    maximumLength = min(limit, Self.lengths.first { $0 >= needed } ?? limit)
  }

  /// The keys and values in the order of the reference, without `use`.
  package var entries: [(key: String, value: YAMLValue)] {
    var entries: [(key: String, value: YAMLValue)] = [("train", .text(train))]
    func add(_ key: String, _ text: String?, unless usual: String? = nil) {
      if let text, text != usual { entries.append((key, .text(text))) }
    }
    add("validation", validation)
    if use != "cola" {
      add("text", columns.text, unless: "text")
      add("pair", columns.pair)
      switch columns.answer {
      case .label(let column): add("label", column, unless: "label")
      case .labels(let column):
        add("label", column, unless: "label")
        entries.append(("multilabel", .boolean(true)))
      case .score(let column): add("score", column)
      case nil: break
      }
      add("separator", separator)
    }
    return entries + [("max_length", .number("\(maximumLength)")), ("hold_out", .number("\(holdOut)"))]
  }

  /// The section on one line: `task: {use: csv, …}`.
  package var line: String {
    let mapping =
      [YAMLValue.Entry("use", .text(use))] + entries.map { YAMLValue.Entry($0.key, $0.value.escapingReferences) }
    return "task: " + YAMLValue.mapping(mapping).flow
  }
}

/// Returns the path of a file relative to a folder.
package func relativePath(_ file: URL, from folder: URL) -> String {
  let (own, base) = (file.standardizedFileURL.pathComponents, folder.standardizedFileURL.pathComponents)
  let common = zip(own, base).prefix { $0 == $1 }.count
  let up = Array(repeating: "..", count: base.count - common)
  return common == 1
    ? own.dropFirst().reduce("") { "\($0)/\($1)" } : (up + own.dropFirst(common)).joined(separator: "/")
}
