/**
 * Erlang expressions that prepare a fast boot; `erl` evaluates them. They take their arguments from
 * the environment.
 */

/**
 * Makes `SEAMKIT_OUT`, a root folder of Erlang. Its `lib` has the applications that `SEAMKIT_APPS` need, from Erlang and from
 * `SEAMKIT_PLUGINS`, and no others, since each is a folder more to look through for each module.
 * Modules are stripped of debug information. Lists of modules keep only those that RabbitMQ finds
 * by their attributes (boot steps, feature flags, extensions): it loads every listed module to look.
 */
export const narrow = `
Out = os:getenv("SEAMKIT_OUT"),
[ok = filelib:ensure_dir(Out ++ Folder ++ "/x") || Folder <- ["/lib", "/bin", "/data"]],
Programs = filename:join(["erts-" ++ erlang:system_info(version), "bin"]),
ok = filelib:ensure_dir(filename:join([Out, Programs, "x"])),
[ok = file:make_symlink(File, filename:join([Out, Programs, filename:basename(File)]))
  || File <- filelib:wildcard(os:getenv("BINDIR") ++ "/*"), filename:basename(File) =/= "erl"],
%% RabbitMQ runs erl now and then, to have a name server started. None is wanted.
Erl = filename:join([Out, Programs, "erl"]),
ok = file:write_file(Erl, "#!/bin/sh\n"),
ok = file:change_mode(Erl, 8#755),
ok = file:make_symlink(code:root_dir() ++ "/bin/start_sasl.boot", Out ++ "/bin/start_sasl.boot"),
Known = maps:from_list([{App, {Folder, Properties}}
  || Folder <- filelib:wildcard(code:lib_dir() ++ "/*")
            ++ filelib:wildcard(os:getenv("SEAMKIT_PLUGINS") ++ "/*"),
     File <- filelib:wildcard(Folder ++ "/ebin/*.app"),
     {ok, [{application, App, Properties}]} <- [file:consult(File)]]),
Closure = fun Add(App, Found) ->
  case {lists:member(App, Found), maps:find(App, Known)} of
    {false, {ok, {_, Properties}}} ->
      Needs = proplists:get_value(applications, Properties, [])
           ++ proplists:get_value(included_applications, Properties, []),
      lists:foldl(Add, [App | Found], Needs);
    _ -> Found
  end
end,
Wanted = [list_to_atom(Name) || Name <- string:lexemes(os:getenv("SEAMKIT_APPS"), ",")],
[] = [App || App <- Wanted, not maps:is_key(App, Known)],
Apps = lists:foldl(Closure, [], Wanted),
%% Khepri copies functions into its log, and reads these lists to know which it need not copy: with
%% shorter ones the server hangs when a vhost is deleted.
HasKhepri = lists:member(horus, Apps),
Ours = fun(Name) -> lists:prefix("rabbit_", atom_to_list(Name)) end,
IsFoundByAttributes = fun(Beam) ->
  {ok, {_, [{attributes, Attributes}]}} = beam_lib:chunks(Beam, [attributes]),
  lists:any(fun
    ({Key, Names}) when Key =:= behaviour; Key =:= behavior -> lists:any(Ours, Names);
    ({Key, _}) -> Ours(Key)
  end, Attributes)
end,
lists:foreach(fun(App) ->
  {Folder, Properties} = maps:get(App, Known),
  To = filename:join([Out, "lib", filename:basename(Folder)]),
  ok = filelib:ensure_dir(To ++ "/ebin/x"),
  {ok, Entries} = file:list_dir(Folder),
  [ok = file:make_symlink(filename:join(Folder, Entry), filename:join(To, Entry))
    || Entry <- Entries, Entry =/= "ebin"],
  %% The modules of its command line tool are of no use here.
  Beams = [Beam || Beam <- filelib:wildcard(Folder ++ "/ebin/*.beam"),
                   not lists:prefix("Elixir.", filename:basename(Beam))],
  lists:foreach(fun(Beam) ->
    %% Given a file's name it would strip the file itself.
    {ok, Binary} = file:read_file(Beam),
    {ok, {_, Stripped}} = beam_lib:strip(Binary, ["Attr", "CInf"]),
    Plain = case Stripped of <<16#1f, 16#8b, _/binary>> -> zlib:gunzip(Stripped); _ -> Stripped end,
    ok = file:write_file(filename:join([To, "ebin", filename:basename(Beam)]), Plain)
  end, Beams),
  Modules = case HasKhepri of
    true -> proplists:get_value(modules, Properties, []);
    false -> [list_to_atom(filename:basename(Beam, ".beam"))
               || Beam <- Beams, IsFoundByAttributes(Beam)]
  end,
  ok = file:write_file(
    filename:join([To, "ebin", atom_to_list(App) ++ ".app"]),
    io_lib:format("~p.~n", [{application, App,
      lists:keystore(modules, 1, Properties, {modules, Modules})}]))
end, Apps),
halt().
`;

/**
 * Waits until RabbitMQ has booted, writes which modules are loaded by then to `SEAMKIT_OUT/loaded`,
 * and halts with a database that is whole on disk. (A clean stop takes RabbitMQ 3 seconds.)
 */
export const record = `
spawn(fun() -> timer:sleep(120000), erlang:halt(1) end),
Wait = fun Again() ->
  case catch rabbit:is_booted() of true -> ok; _ -> timer:sleep(20), Again() end
end,
Wait(),
timer:sleep(300),
ok = file:write_file(os:getenv("SEAMKIT_OUT") ++ "/loaded",
  io_lib:format("~p.~n", [[Module || {Module, From} <- code:all_loaded(), From =/= preloaded]])),
catch mnesia:dump_log(),
erlang:halt(0, [{flush, false}]).
`;

/**
 * Makes the boot file `SEAMKIT_OUT/bin/seamkit.boot`: like Erlang's own, but it loads all recorded
 * modules in one go, on all processors, instead of one after the other when each is first called.
 */
export const preload = `
Out = os:getenv("SEAMKIT_OUT"),
{ok, [Loaded]} = file:consult(Out ++ "/loaded"),
{ok, Boot} = file:read_file(code:root_dir() ++ "/bin/start_sasl.boot"),
{script, Name, Commands} = binary_to_term(Boot),
[First | _] = [Modules || {primLoad, Modules} <- Commands],
Folders = [filename:basename(Folder) || Folder <- filelib:wildcard(Out ++ "/lib/*")],
Has = fun(Module, Folder) ->
  filelib:is_regular(filename:join([Out, "lib", Folder, "ebin", atom_to_list(Module) ++ ".beam"]))
end,
%% To name the node needs crypto, and that is before modules of a boot file load their C libraries.
Add = [Module || Module <- Loaded, not lists:member(Module, [crypto | First]),
                 lists:any(fun(Folder) -> Has(Module, Folder) end, Folders)],
{Before, After} = lists:splitwith(fun(Command) -> Command =/= {kernel_load_completed} end, Commands),
%% Nobody but Khepri needs the lists of kernel and stdlib, and all that is listed would be loaded.
HasKhepri = filelib:wildcard(Out ++ "/lib/horus-*") =/= [],
Shorten = fun
  (Command) when HasKhepri -> Command;
  ({apply, {application, load, [{application, App, Properties}]}}) ->
    {apply, {application, load,
      [{application, App, lists:keyreplace(modules, 1, Properties, {modules, []})}]}};
  (Command) -> Command
end,
Path = {path, ["$ROOT/lib/" ++ Folder ++ "/ebin" || Folder <- Folders]},
ok = file:write_file(Out ++ "/bin/seamkit.boot", term_to_binary({script, Name,
  Before ++ [Path, {primLoad, Add}] ++ lists:map(Shorten, After)})),
halt().
`;
