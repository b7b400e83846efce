import DistillCore
import Foundation

/// Collects what is wrong with a pipeline, each thing at its place and once.
///
/// A part is asked only while the options that it rests on are known, and what was found wrong is not known any more: so a
/// mistake is told where it is, and nothing that only follows from it.
struct PipelineCheck {
  private var source: SourceMap
  private var list: [Diagnostic]
  /// Columns that a data file was found to lack.
  var missingColumns: Set<String> = []
  /// Examples of the training file, where it was read to its end.
  var trainingRows: Int?

  init<T>(_ draft: Draft<T>) { (source, list) = (draft.source, draft.problems) }

  var diagnostics: Diagnostics { Diagnostics(list) }

  func isKnown(_ path: String) -> Bool { source.isKnown(path) }
  func isWritten(_ path: String) -> Bool { source.isWritten(path) }
  func isWhole(_ path: String) -> Bool { source.isWhole(path) }

  /// Notes what is wrong with one part; nothing where its place was found wrong before.
  mutating func report(_ errors: [WiringError], at path: String, as severity: Diagnostic.Severity = .error) {
    let placed = errors.map { ($0, $0.within(path).option ?? path) }.filter { isKnown($1) }
    for (error, place) in placed {
      list.append(Diagnostic(error.description, at: source.range(of: place), hint: error.hint, severity: severity))
    }
    if severity == .error { for (_, place) in placed { source.refuse(place) } }
  }

  mutating func report(_ message: String, at path: String, hint: String? = nil) {
    report([WiringError(message, hint: hint)], at: path)
  }

  mutating func warn(_ message: String, at path: String, hint: String? = nil) {
    report([WiringError(message, hint: hint)], at: path, as: .warning)
  }

  /// The result of `body`, or nil after noting what it threw; nil at once where something that it rests on is not known.
  ///
  /// - Parameter missingTeacher: whether it may be said that there is no teacher.
  @discardableResult
  mutating func at<T>(
    _ path: String, given: [String] = [], missingTeacher: Bool = true, _ body: () throws -> T
  ) -> T? {
    guard isKnown(path), given.allSatisfy(isKnown) else { return nil }
    do { return try body() } catch {
      report(WiringErrors(error).list.filter { missingTeacher || !$0.isMissingTeacher }, at: path)
      return nil
    }
  }
}
