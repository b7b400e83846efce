import DistillCore
import Foundation

/// Collects what is wrong with a pipeline, each thing at its place and once.
///
/// A part is asked only while the options that it rests on are known. What it says is wrong is unknown from then on, and so is
/// its answer, so that nothing is told that only follows from a mistake.
final class PipelineCheck {
  let options: PipelineOptions
  let registry: PluginRegistry
  private var source: SourceMap
  private var list: [Diagnostic]
  /// Columns that a data file was found to lack.
  var missingColumns: Set<String> = []
  /// Examples of the training file, where it was read to its end.
  var trainingRows: Int?

  init(_ draft: Draft<PipelineOptions>) {
    (options, registry, source, list) = (draft.value, draft.registry, draft.source, draft.problems)
  }

  var diagnostics: Diagnostics { Diagnostics(list) }

  func isKnown(_ path: String) -> Bool { source.isKnown(path) }
  func isWritten(_ path: String) -> Bool { source.isWritten(path) }
  func isWhole(_ path: String, ignoring ignored: Set<String> = [], insideOnly: Bool = false) -> Bool {
    source.isWhole(path, ignoring: ignored, insideOnly: insideOnly)
  }

  /// Notes what is wrong with one part; nothing where its place was found wrong before.
  func report(_ errors: [WiringError], at path: String, as severity: Diagnostic.Severity = .error) {
    let placed = errors.map { ($0, $0.within(path).option ?? path) }.filter { isKnown($1) }
    for (error, place) in placed {
      list.append(Diagnostic(error.description, at: source.range(of: place), hint: error.hint, severity: severity))
    }
    if severity == .error { for (_, place) in placed { source.refuse(place) } }
  }

  func report(_ message: String, at path: String, hint: String? = nil) {
    report([WiringError(message, hint: hint)], at: path)
  }

  func warn(_ message: String, at path: String, hint: String? = nil) {
    report([WiringError(message, hint: hint)], at: path, as: .warning)
  }

  /// The result of `body`; unknown after noting what it threw, or where it or its place rests on something unknown.
  @discardableResult
  func ask<T>(_ path: String, given: [String] = [], _ body: () throws -> T) -> Known<T> {
    ask(path, given: given, whichever: [()], body).map { $0[0] }
  }

  /// The results of `body` for each value that something unknown may have. Only what is wrong with all of them is told.
  @discardableResult
  func ask<Case, T>(
    _ path: String, given: [String] = [], whichever cases: [Case], _ body: (Case) throws -> T
  ) -> Known<[T]> {
    guard isKnown(path), given.allSatisfy(isKnown) else { return .unknown }
    var results: [T] = []
    var errors: [[WiringError]] = []
    for one in cases {
      do { results.append(try body(one)) } catch is Unknown { return .unknown } catch {
        errors.append(WiringErrors(error).list)
      }
    }
    guard let first = errors.first else { return .known(results) }
    if results.isEmpty { report(first.filter { error in errors.allSatisfy { $0.contains(error) } }, at: path) }
    return .unknown
  }
}
