import ArgumentParser
import DistillCore
import DistillPipeline
import DistillTraining
import Foundation

/// The root command, `distill`.
struct Distill: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "distill",
    abstract: "Teaches what a large text encoder knows to a small one, from one YAML file.",
    discussion: """
      A first run:
        distill data texts.csv             columns, classes, lengths, duplicates
        distill init texts.csv             a pipeline for them
        distill validate pipeline.yaml     check the file; no weight is read
        distill run pipeline.yaml          teacher, student, knowledge base
        distill watch runs/NAME            its progress, from another terminal
        distill evaluate runs/NAME         the table once more
        echo "a text" | distill predict runs/NAME

      Results go to standard output, everything else to standard error.
      Exit status: 0 done, 1 failed while running, 2 the pipeline file, a file
      of texts or the command line is wrong, 130 or 143 stopped by a signal
      after saving.
      """,
    version: SwiftDistill.version,
    subcommands: [
      InspectData.self, Initialise.self, Plan.self, Run.self, Watch.self, Sweep.self, Search.self, Compare.self,
      Validate.self, Show.self, Evaluate.self, Predict.self, Export.self, Serve.self, Knowledge.self, Embed.self,
      Tokenize.self, Plugins.self, Schema.self,
    ])
}

extension Distill {
  /// Checks that the first word, or the word after `help`, is a command.
  ///
  /// - Throws: `ValidationError` that suggests the most similar command, or lists all commands.
  static func checkCommandName(_ arguments: ArraySlice<String>) throws {
    let words = arguments.first == "help" ? arguments.dropFirst() : arguments
    let names = configuration.subcommands.map { $0.configuration.commandName ?? "\($0)".lowercased() }
    guard let word = words.first, !word.hasPrefix("-"), word != "help", !names.contains(word) else { return }
    let near = nearestNames(to: word, among: names).first
    let hint = near.map { "did you mean \($0)?" } ?? "there are \(names.joined(separator: ", "))"
    throw ValidationError("there is no command \(word); \(hint)")
  }
}

/// Ends the program after an error.
enum ExitStatus {
  private struct ErrorEvent: Encodable {
    let status: Int32
    let message: String
    let problems: [Diagnostic]?
  }

  /// Prints an error and ends the program with the status that `distill help` documents.
  static func quit(with error: any Error) -> Never {
    switch error {
    case let diagnostics as Diagnostics: quit(2, diagnostics.list.first?.message ?? "", diagnostics)
    case TrainingError.stopped(let signal, _, _): quit(128 + signal, "\(error)")
    case SweepRunner.Stopped.bySignal(let signal): quit(128 + signal, "\(error)")
    case is RunError, is ComputeError, is TextFileError, is InputError: quit(2, "error: \(error)")
    default:
      let code = Distill.exitCode(for: error)
      if code == .success || code == .validationFailure || error is ExitCode {
        let message = Distill.fullMessage(for: error)
        if code == .success { Console.output(message) }
        if code == .success || message.isEmpty {
          Console.progress(nil)
          exit(code.rawValue)
        }
        quit(
          code == .validationFailure ? 2 : code.rawValue, Console.style.isJSON ? Distill.message(for: error) : message)
      }
      let message = (FormatError(error) ?? error as? any LocalizedError)?.errorDescription ?? "\(error)"
      quit(1, "error: \(message)")
    }
  }

  /// Prints a message or diagnostics, or the event `error` if the command was asked for events, and ends the program.
  static func quit(_ status: Int32, _ message: String, _ diagnostics: Diagnostics? = nil) -> Never {
    if Console.style.isJSON {
      let message = String(message.trimmingPrefix("error: "))
      Console.event(
        JSONEvent("error", ErrorEvent(status: status, message: message, problems: diagnostics?.list)))
    } else if let diagnostics {
      Console.show(diagnostics)
    } else {
      Console.error(message)
    }
    exit(status)
  }
}
