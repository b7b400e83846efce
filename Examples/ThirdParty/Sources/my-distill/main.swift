import DistillCLI

DistillCommand.main(plugins: CompiledPlugins.all)
