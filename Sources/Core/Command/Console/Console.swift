import ArgumentParser
import DistillCore
import Foundation
import Synchronization

/// The output of the program: results go to standard output and everything else to standard error, or events as JSON to standard
/// output.
///
/// A process has one terminal, so its state belongs to the process. A lock keeps messages of several threads apart from each other
/// and from the progress line.
enum Console {
  private struct State {
    var style = ConsoleStyle()
    var line = RedrawnLine()
    /// What the progress line shows in a number of columns, or `nil` if there is none.
    var progress: (@Sendable (_ columns: Int) -> String)?

    /// Returns the characters that draw the progress line, or remove it.
    ///
    /// Three columns stay free. A line of the full width could wrap, and a terminal writes `^C` where the line ends.
    mutating func drawing(_ isVisible: Bool = true) -> String {
      let columns = StandardStream.error.columns ?? 80
      return line.replacement(isVisible ? progress?(max(0, columns - 3)) ?? "" : "", columns: columns)
    }
  }

  private static let state = Mutex(State())

  /// Chooses what is written from now on, and how.
  static func use(_ style: ConsoleStyle) { state.withLock { $0.style = style } }
  static var style: ConsoleStyle { state.withLock { $0.style } }

  // MARK: standard output

  /// Writes a result and a line feed.
  ///
  /// If that fails, the process ends with a message and status 1. If the reader has closed the pipe, as `head` does, the process
  /// ends silently by the signal that the shell expects.
  static func output(_ text: String) {
    let failure = state.withLock { state -> StandardStream.Failure? in
      state.progress = nil
      return written(state.drawing(), then: text)
    }
    if let failure { quit(after: failure) }
  }

  /// Writes a result and a line feed, unless the command was asked for events, which then contain the result.
  static func result(_ text: String) { if !style.isJSON { output(text) } }

  /// Writes an event, if the command was asked for events.
  static func event(_ event: some Encodable) {
    guard style.isJSON else { return }
    let line = JSONEvent.line(event)
    if let failure = state.withLock({ _ in written("", then: line) }) { quit(after: failure) }
  }

  private static func written(_ drawing: String, then text: String) -> StandardStream.Failure? {
    draw(drawing)
    do { try StandardStream.output.write(text + "\n") } catch { return error }
    return nil
  }

  private static func quit(after failure: StandardStream.Failure) -> Never {
    if failure.isClosedPipe {
      signal(SIGPIPE, SIG_DFL)
      raise(SIGPIPE)
      exit(128 + SIGPIPE)
    }
    error("error: \(failure)")
    exit(1)
  }

  // MARK: standard error

  /// Writes a line to standard error, whatever was asked for, and removes the progress line. A failure is ignored, because a log
  /// that cannot be written should not end a training.
  static func error(_ text: String) {
    state.withLock { state in
      state.progress = nil
      draw(state.drawing() + stamp(state) + text.escapingControls(except: true) + "\n")
    }
  }

  /// Writes a line about the work to standard error, above the progress line.
  ///
  /// - Parameter isAnswer: Whether a key was pressed just before, which the terminal has written on the current line.
  static func log(_ text: String, isAnswer: Bool = false) {
    let style = style
    if style.isQuiet { return }
    if style.isJSON { return event(JSONEvent("note", ["message": text])) }
    state.withLock { state in
      let cleared = state.line.isEmpty && isAnswer && isTerminal ? "\r\u{1B}[J" : state.drawing(false)
      draw(cleared + stamp(state) + text.escapingControls(except: true) + "\n" + state.drawing())
    }
  }

  /// Shows a line that is replaced by the next one, on a terminal. `nil` removes it.
  ///
  /// - Parameter line: Returns a text that occupies at most a number of columns. It is asked again whenever the line is drawn,
  ///   because the width of a terminal changes.
  static func progress(_ line: (@Sendable (_ columns: Int) -> String)?) {
    state.withLock { state in
      guard isTerminal, !state.style.isQuiet, !state.style.isJSON else { return }
      state.progress = line
      draw(state.drawing())
    }
  }

  /// Prints warnings, if there are any.
  static func show(warnings: [Diagnostic]) {
    let style = style
    if warnings.isEmpty || style.isQuiet { return }
    if style.isJSON { return warnings.forEach { event(JSONEvent("warning", $0)) } }
    show(Diagnostics(warnings))
  }

  /// Prints diagnostics, if there are any.
  static func show(_ diagnostics: Diagnostics) {
    if diagnostics.list.isEmpty { return }
    state.withLock { state in
      state.progress = nil
      draw(state.drawing() + stamp(state) + diagnostics.rendered(colour: hasColours) + "\n")
    }
  }

  private static func stamp(_ state: State) -> String {
    state.style.showsTimes ? Date.now.formatted(.iso8601) + " " : ""
  }

  /// Writes text to standard error without escaping control sequences.
  static func draw(_ text: String) { if !text.isEmpty { try? StandardStream.error.write(text) } }

  /// Whether standard error is a terminal that a line can be redrawn on.
  static var isTerminal: Bool { isatty(2) != 0 && ProcessInfo.processInfo.environment["TERM"] != "dumb" }
  /// Whether text on standard error may be coloured; see https://no-color.org.
  private static var hasColours: Bool {
    isTerminal && (ProcessInfo.processInfo.environment["NO_COLOR"] ?? "").isEmpty
  }
}
