import DistillCore
import Foundation

/// A check that collects everything that is wrong with a pipeline, each mistake at its place and only once.
///
/// A component is asked only if all options that it depends on are known. If it reports an error, its place and its result
/// count as unknown from then on, so that no errors are reported that only follow from this one.
final class PipelineCheck {
  let options: PipelineOptions
  let registry: PluginRegistry
  private var source: SourceMap
  private var list: [Diagnostic]
  /// The columns that have been reported as missing from a data file.
  var missingColumns: Set<String> = []
  /// The number of examples in the training file, if the file was read to its end.
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

  /// Reports the errors of one component, except for those at a place where a mistake has already been reported.
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

  /// Returns the result of `body`.
  ///
  /// - Parameters:
  ///   - path: The place at which errors are reported.
  ///   - given: Further places that `body` depends on.
  ///   - body: The check. Its errors are reported.
  /// - Returns: The result, or `unknown` if `body` throws or a place that it depends on is unknown.
  @discardableResult
  func ask<T>(_ path: String, given: [String] = [], _ body: () throws -> T) -> Known<T> {
    ask(path, given: given, whichever: [()], body).map { $0[0] }
  }

  /// Returns the results of `body` for several values that something unknown could have.
  ///
  /// An error is reported only if `body` throws it for all of these values, because it then does not depend on the unknown
  /// value.
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
