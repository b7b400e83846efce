import ArgumentParser

/// What a command says while it works, and in which form.
struct ConsoleStyle: Sendable {
  /// Whether nothing but errors and results is written.
  var isQuiet = false
  /// Whether everything is written to standard output as JSON, an event to a line.
  var isJSON = false
  /// Whether lines on standard error begin with the time.
  var showsTimes = false
}

/// A command whose arguments choose what it says while it works.
protocol StyledCommand: ParsableCommand {
  var style: ConsoleStyle { get }
}

/// The options `--quiet` and `--log-times` of commands that take long.
struct LogOptions: ParsableArguments {
  @Flag(help: "Print errors and the result, and nothing else.")
  var quiet = false
  @Flag(help: "Begin each line of the log with the time (UTC).")
  var logTimes = false

  var style: ConsoleStyle { ConsoleStyle(isQuiet: quiet, showsTimes: logTimes) }
}

/// The options of commands that train or watch a training: those of ``LogOptions``, and `--json`.
struct EventOptions: ParsableArguments {
  @OptionGroup var log: LogOptions
  @Flag(
    help: "Print events as JSON, one to a line, instead of the log and the result. With --quiet, only the last one.")
  var json = false

  func validate() throws {
    if json && log.logTimes { throw ValidationError("--json has the time of every event; --log-times is for the log") }
  }

  var style: ConsoleStyle {
    var style = log.style
    style.isJSON = json
    return style
  }

  /// The part of the help that describes the events. Docs/Events.md says more.
  static let discussion = """
    With --json, standard output has a JSON object in each line, with `event`, `time` and:

      began      phase, epochs, steps_per_epoch, step (the last one before it)
      progress   what, done, total; in a training also loss, seconds_left
      epoch      as in metrics.jsonl
      stage      as in metrics.jsonl
      ended      phase, best_epoch, seconds
      note       message
      warning    message, file, line, column, hint
      finished   folder, report, rows: name, scores, parameters,
                 texts_per_second
      error      status, message, problems (as warnings have them)

    The last one is `finished` or `error`.
    """
}
